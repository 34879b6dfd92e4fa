# `make run` starts Earshot, `make test` proves it. Needs GNU make 3.81 or newer.

VENV := .venv
BIN := $(VENV)/bin
ARGS :=
PYTEST_ARGS :=
FILE :=

# Tests wait for sound more than they compute. One after the other: PYTEST_ARGS='-n 0'
# In their own order, since the longest are in files of few, which would come last.
TEST_PROCESSES := -n 3 --dist loadfile --no-loadscope-reorder

# Everything is pinned with hashes and has wheels: nothing is compiled, nothing is a surprise.
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check \
	--require-hashes --only-binary=:all:

# What the end-to-end tests use, by the names of Debian's packages; promtool is in prometheus.
TEST_PACKAGES := apparmor chromium curl espeak-ng ezstream ffmpeg firefox-esr flite \
	gstreamer1.0-plugins-base \
	gstreamer1.0-plugins-good gstreamer1.0-tools icecast2 iproute2 libasound2-data \
	libasound2-plugins libnss3-tools mosquitto mpg123 mpv nginx-light openssl prometheus pulseaudio \
	strace vlc-bin vlc-plugin-base zbar-tools

# What building and starting the image takes, without a Docker engine.
IMAGE_PACKAGES := buildah crun debootstrap fuse-overlayfs netavark uidmap

# Sets $python to the newest Python that can make a virtual environment, or says what is missing.
define find_python
python=; without_venv=; \
for candidate in python3.14 python3.13 python3.12 python3.11 python3; do \
  "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
  if "$$candidate" -c 'import ensurepip, venv' 2>/dev/null; \
    then python=$$candidate; break; else without_venv=$$candidate; fi; \
done; \
if [ -z "$$python" ]; then \
  if [ -n "$$without_venv" ]; \
    then echo "$$without_venv is here, but its venv module is missing. Install it:"; \
    else echo "Earshot needs Python 3.11 or newer, with its venv module. Install it:"; fi; \
  echo "  Debian, Ubuntu, Raspberry Pi OS:  apt-get install python3-venv"; \
  echo "  macOS:                            brew install python@3.13"; \
  exit 1; \
fi >&2
endef

# A virtual environment whose Python is gone (upgraded, or moved house) is made anew.
ifneq ($(wildcard $(VENV)/.installed),)
ifneq ($(shell $(BIN)/python -c 'print("works")' 2>/dev/null),works)
$(shell rm -f $(VENV)/.installed $(VENV)/.installed-dev)
endif
endif

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run backup restore test test-slow test-image test-ha test-cassandra check format \
	lint types pages test-packages bench bench-long faults churn fuzz lock lock-ha clean

help:
	@echo "make run     start the server; with a built-in sender: make run ARGS=--demo"
	@echo "make backup  save names, devices and keys in a file; its name: make backup FILE=a.tar"
	@echo "make restore FILE=a.tar   put them back, while the server is stopped"
	@echo "make test    format, lint, types, unit and end-to-end tests"
	@echo "make test-slow  faults, bad networks, and the benchmark itself"
	@echo "make test-image   build the container's image and start it; needs root and Debian"
	@echo "make test-ha  the integration with the real Home Assistant; makes 1 GB of that, once"
	@echo "make test-cassandra   history in a real Cassandra; fetches 70 MB of that, once"
	@echo "make check   the part of it that takes less than a minute"
	@echo "make lint    format and lint, without changing anything"
	@echo "make format  put the code into its usual form"
	@echo "make bench   measure what the README claims, within 15 minutes"
	@echo "make bench-long   measure what takes longer: loss, leaks; see docs/benchmarks.md"
	@echo "make faults  a thousand receivers join and leave, and the like; some: ARGS='F2 F9'"
	@echo "make churn   ten minutes of visitors at random; others: ARGS='--minutes 60 --seed 2'"
	@echo "make fuzz    a minute of chance for everything that reads bytes from outside"
	@echo "make lock    pin the dependencies anew; newer ones: make lock ARGS=--upgrade"
	@echo "make lock-ha   pin what test-ha uses"
	@echo "make clean   remove everything that was made here, except data/"

# exec: the server gets the signals itself.
run: $(VENV)/.installed
	@exec $(BIN)/python webrtc_server_relay.py $(ARGS)

# With the ARGS of `make run`, by which the data folder is found.
backup: $(VENV)/.installed
	@$(BIN)/python -m relay.backup save \
	  "$(or $(FILE),earshot-$(shell date +%Y-%m-%d-%H%M%S).tar)" $(ARGS)

restore: $(VENV)/.installed
	@if [ -z "$(FILE)" ]; then \
	  echo "Which backup? make restore FILE=earshot-....tar" >&2; exit 1; \
	fi
	@$(BIN)/python -m relay.backup restore "$(FILE)" $(ARGS)

$(VENV)/.installed: requirements.txt
	@if ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
	  $(find_python); "$$python" -m venv --clear $(VENV); \
	fi
	@echo "Installing what Earshot needs into $(VENV); this happens once."
	@$(PIP_INSTALL) -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	@echo "Installing what the tests need into $(VENV)."
	@$(PIP_INSTALL) -r requirements.txt -r requirements-dev.txt
	@touch $@

# Each of the servers that tests start would compile itself anew; and arithmetic has one thread, as
# in the relay, though tests load it before that can say so.
test test-slow: export PYTHONDONTWRITEBYTECODE :=
test test-slow: export OPENBLAS_NUM_THREADS := 1

test: $(VENV)/.installed-dev test-packages lint types pages
	$(BIN)/python -m pytest -m "not slow and not image and not cassandra" $(TEST_PROCESSES) $(PYTEST_ARGS)

test-slow: $(VENV)/.installed-dev test-packages
	$(BIN)/python -m pytest -m slow -n 2 --dist loadfile $(PYTEST_ARGS)

test-image: TEST_PACKAGES := $(IMAGE_PACKAGES)
test-image: $(VENV)/.installed-dev test-packages
	$(BIN)/python -m pytest tests/image -m image $(PYTEST_ARGS)

test-ha: $(VENV)/.installed-dev test-packages
	@tests/ha/run.sh $(PYTEST_ARGS)

# Cassandra 5 runs on Java 11 and 17. What cannot be had, the tests say themselves.
test-cassandra: TEST_PACKAGES := maven openjdk-17-jre-headless
test-cassandra: $(VENV)/.installed-dev test-packages
	@tests/cassandra/prepare.sh >/dev/null || true
	$(BIN)/python -m pytest tests/adapters tests/faults -m cassandra $(PYTEST_ARGS)

check: $(VENV)/.installed-dev lint types
	$(BIN)/python -m pytest -q -m "not e2e and not image and not cassandra" --ignore=tests/e2e $(PYTEST_ARGS)

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lint: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.installed-dev
	$(BIN)/mypy --strict

pages: $(VENV)/.installed-dev
	@if [ -f tests/www/check.sh ]; then tests/www/check.sh; fi

# Without root, or elsewhere than on Debian, the tests that miss something say so and are skipped.
test-packages:
	@if command -v dpkg >/dev/null; then \
	  missing=; \
	  for package in $(TEST_PACKAGES); do \
	    dpkg -s $$package 2>/dev/null | grep -q '^Status: .* installed$$' \
	      || missing="$$missing $$package"; \
	  done; \
	  if [ -z "$$missing" ]; then exit 0; fi; \
	  if [ "$$(id -u)" = 0 ]; then \
	    echo "Installing for the tests:$$missing"; \
	    { apt-get -qq update && DEBIAN_FRONTEND=noninteractive \
	      apt-get -qq install -y --no-install-recommends $$missing >/dev/null; } \
	      || echo "That failed; tests that need them are skipped."; \
	  else \
	    echo "Some tests will be skipped. For all of them: apt-get install$$missing"; \
	  fi; \
	else \
	  echo "Tests that need a program that is not here will be skipped and name it."; \
	fi

bench: $(VENV)/.installed-dev
	$(BIN)/python -m bench $(ARGS)

bench-long: $(VENV)/.installed-dev
	$(BIN)/python -m bench --long $(ARGS)

# The row F15 needs the fuzzer; without it that row alone is missing.
faults: $(VENV)/.installed-dev
	-@$(PIP_INSTALL) -r requirements-fuzz.txt
	$(BIN)/python -m tests.faults $(ARGS)

churn: $(VENV)/.installed-dev
	$(BIN)/python -m tests.faults churn $(ARGS)

# The fuzzer has wheels for Linux and Python 3.11 to 3.13 alone, so it is not among the others.
fuzz: $(VENV)/.installed
	@$(PIP_INSTALL) -r requirements-fuzz.txt
	$(BIN)/python -m tests.fuzz $(ARGS)

# Core names a newer version of its plugin for tests some weeks late: overrides.txt.
lock-ha: $(VENV)/.installed-dev
	cd tests/ha && ../../$(BIN)/uv pip compile --quiet --python-version 3.14.2 \
	  --python-platform linux --generate-hashes --no-header --no-annotate $(ARGS) \
	  --override overrides.txt requirements.in -o requirements.txt

lock: $(VENV)/.installed-dev
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate $(ARGS) pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate $(ARGS) --extra cassandra -c requirements.txt \
	  pyproject.toml -o requirements-cassandra.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate $(ARGS) --group dev -c requirements.txt -o requirements-dev.txt

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
