"""What a training reads: batches in an order that follows from the seed, the dev set held out, first vectors."""
