"""Teachers, whose answers to texts a student learns from: programs and saved models, and the file of what they said."""
