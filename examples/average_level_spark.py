"""
How loud was it in the last hour, over all streams? Asked of Cassandra with Spark.

    spark-submit --packages com.datastax.spark:spark-cassandra-connector_2.12:3.5.1 \\
      --conf spark.cassandra.connection.host=cassandra.home examples/average_level_spark.py

docs/cassandra.md says what is in the tables, and what this was run with.
"""

from datetime import UTC, datetime, timedelta

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

EXTENSIONS = "com.datastax.spark.connector.CassandraSparkExtensions"
"""The direct join is one of them."""


def table(spark: SparkSession, name: str, **options: str) -> DataFrame:
    reader = spark.read.format("org.apache.spark.sql.cassandra")
    return reader.options(keyspace="earshot", table=name, **options).load()


def last_hour(spark: SparkSession, now: datetime) -> DataFrame:
    """Return the rows of the hour before ``now``, which is in UTC as the days are."""
    since = now - timedelta(hours=1)
    days = sorted({since.date(), now.date()})
    streams = table(spark, "streams").where(F.col("day").isin(days))
    partitions = streams.select("stream", "day").distinct()
    # A partition at a time; left to choose, the connector may read the table from end to end.
    features = table(spark, "audio_features", directJoinSetting="on")
    rows = partitions.join(features, ["stream", "day"])
    return rows.where(F.col("captured_at") >= F.lit(since))


def main() -> None:
    builder = SparkSession.builder.config("spark.sql.extensions", EXTENSIONS)
    spark = builder.getOrCreate()
    level = F.col("level_dbfs")
    mean, of_power, streams = (
        last_hour(spark, datetime.now(UTC))
        .agg(
            F.avg(level),
            10 * F.log10(F.avg(F.pow(10.0, level / 10))),
            F.countDistinct("stream"),
        )
        .first()
    )
    spark.stop()
    if mean is None:
        print("Nothing was measured in the last hour.")
    else:
        print(f"{mean:.1f} dBFS on average in the last hour, over {streams} streams;")
        print(f"{of_power:.1f} dBFS is the level of their mean power.")


if __name__ == "__main__":
    main()
