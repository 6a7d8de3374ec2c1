"""ONNX files that smalti wrote, answered by ONNX Runtime; nothing here imports PyTorch."""
