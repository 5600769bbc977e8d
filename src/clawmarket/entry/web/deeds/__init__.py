"""What forms do: fields become a method's parameters, costs are said first, wallets sign."""
