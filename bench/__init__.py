"""Speed, as ratios within one run; `make bench` prints one JSON line a figure."""
