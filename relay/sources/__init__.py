"""What feeds a stream besides a client's peer connection."""
