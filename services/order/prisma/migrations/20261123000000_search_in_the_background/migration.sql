-- What fills the list of entries that wait inserts them all: one order in 120 took 20 to 70 ms longer, and with it all
-- that wait behind it. The service now inserts them on the side, long before the list is full (4 MB, some 2,000 orders).
ALTER INDEX order_items_search_idx RESET (gin_pending_list_limit);
