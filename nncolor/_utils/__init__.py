"""What all packages share and none owns."""
