"""The truth about a synthetic force: what each relationship's risk really was, and how much of it records can show.

Never readable through the history store; nothing in ``features`` or ``serving`` may import it.
"""
