"""A run on a Dask cluster: workers fill the artifact store, and the ordinary run then reads from it.

Names are imported from the modules that hold them, since Dask is an extra that only a run with `--cluster` needs.
"""
