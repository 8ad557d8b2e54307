"""MLflow: shows RUNs side by side, holds the model as MLflow loads it, and its aliases follow the promotions."""
