"""What other nodes call: feeds as files, receipts, notices (spec/07-paths.md, spec/10-requests-and-errors.md)."""
