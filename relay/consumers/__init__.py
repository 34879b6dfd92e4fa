"""What follows a stream inside the process: the decoder and those who want its sound."""
