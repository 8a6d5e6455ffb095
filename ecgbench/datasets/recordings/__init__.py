"""Recordings in the files that people have: WFDB, EDF, CSV, HDF5 and MAT are read into leads in mV and annotations, within bounds."""
