"""Teachers, synthetic data, distillation and evaluation. Knows no Qt."""
