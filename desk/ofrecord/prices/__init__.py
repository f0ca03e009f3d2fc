"""What a customer pays: rates of price lists, and quote lines that carry them.

`lists` holds what a price list of inventory says, `rates` the rate that follows for an item and a quantity, `lines` what becomes of a
quote line; all three are pure. `reading` and `applying` are the effects, `untagged` the accounts that have no list.
"""
