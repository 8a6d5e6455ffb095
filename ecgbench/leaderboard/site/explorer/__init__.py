"""The explorer: windows on ECG paper with the maps of several methods over them, in a browser and from the file system."""
