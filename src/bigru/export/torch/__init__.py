"""A saved model as a folder for torch, without bigru."""
