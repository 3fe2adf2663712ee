"""A saved model as one ONNX file: its graph, and the file at work in onnxruntime."""
