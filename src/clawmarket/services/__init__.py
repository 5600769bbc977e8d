"""Use cases; a public function here is a gateway method."""
