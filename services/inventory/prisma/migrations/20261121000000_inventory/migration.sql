CREATE TABLE products (
  id          uuid PRIMARY KEY,
  sku         text NOT NULL,
  name        text NOT NULL,
  description text NOT NULL,
  price       bigint NOT NULL CHECK (price >= 0),
  currency    text NOT NULL,
  seller_id   text NOT NULL,
  image_url   text,
  active      boolean NOT NULL DEFAULT true,
  sequence    integer NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX products_sku_key ON products (sku);
CREATE INDEX products_name_idx ON products (name);
CREATE INDEX products_seller_id_id_idx ON products (seller_id, id);

-- Apart from products, because every order changes it: narrow rows that are changed in place, and edits of a
-- product's text never wait for orders.
CREATE TABLE stock (
  product_id uuid PRIMARY KEY REFERENCES products (id),
  received   bigint NOT NULL DEFAULT 0,
  on_hand    bigint NOT NULL DEFAULT 0,
  reserved   bigint NOT NULL DEFAULT 0,
  shipped    bigint NOT NULL DEFAULT 0 CHECK (shipped >= 0),
  CHECK (received = on_hand + shipped),
  CHECK (reserved BETWEEN 0 AND on_hand)
) WITH (fillfactor = 50);

-- The ledger. No foreign key: a movement is only written while its stock row is locked, and stock is never deleted.
CREATE TABLE movements (
  id         uuid PRIMARY KEY,
  product_id uuid NOT NULL,
  kind       text NOT NULL CHECK (kind IN ('RECEIVED', 'ADJUSTED', 'RESERVED', 'RELEASED', 'SHIPPED')),
  -- The kind says which way it goes; only an adjustment goes both ways.
  quantity   bigint NOT NULL CHECK (quantity > 0 OR (kind = 'ADJUSTED' AND quantity < 0)),
  order_id   uuid,
  note       text,
  at         timestamptz NOT NULL DEFAULT now(),
  CHECK ((kind IN ('RESERVED', 'RELEASED', 'SHIPPED')) = (order_id IS NOT NULL))
);
CREATE INDEX movements_product_id_id_idx ON movements (product_id, id);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'movements are only ever added; write a movement that corrects the wrong one';
END $$;
CREATE TRIGGER movements_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON movements
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE reservations (
  order_id            uuid PRIMARY KEY,
  status              text NOT NULL CHECK (status IN ('AWAITED', 'HELD', 'REJECTED', 'RELEASED', 'SHIPPED')),
  -- What the order asked for; null while only other news of it has come.
  items               jsonb,
  paid                boolean NOT NULL DEFAULT false,
  shipped             boolean NOT NULL DEFAULT false,
  expires_at          timestamptz,
  expiry_announced_at timestamptz,
  sequence            integer NOT NULL DEFAULT 0,
  correlation_id      text NOT NULL,
  created_at          timestamptz NOT NULL DEFAULT now(),
  updated_at          timestamptz NOT NULL DEFAULT now(),
  CHECK (status NOT IN ('HELD', 'REJECTED', 'SHIPPED') OR items IS NOT NULL),
  CHECK (status <> 'HELD' OR expires_at IS NOT NULL)
) WITH (fillfactor = 70);
CREATE INDEX reservations_can_expire ON reservations (expires_at)
  WHERE status = 'HELD' AND NOT paid AND expiry_announced_at IS NULL;
