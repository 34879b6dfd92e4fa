"""Certificates for the pages over https: those of the house, or of an authority of our own."""
