"""What `/v1` answers: models in snake_case, made from the answers of the market's methods."""
