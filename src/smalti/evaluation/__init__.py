"""What a classifier is worth: measured on pictures that nothing has chosen by."""
