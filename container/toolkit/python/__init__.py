"""What the containers in Python share: a model.py beside this folder says what to fit."""
