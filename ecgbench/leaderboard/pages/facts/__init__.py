"""What pages say beside scores: of windows, models and machines, of patients in each class, of methods and metrics."""
