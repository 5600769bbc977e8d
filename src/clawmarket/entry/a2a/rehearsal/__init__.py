"""What the public conformance kit asks for; off in the product, and never beside real money."""
