CREATE TABLE orders (
  id                     uuid PRIMARY KEY,
  reference              text,
  customer_id            uuid NOT NULL,
  customer_name          text NOT NULL,
  customer_email         text NOT NULL,
  customer_phone         text,
  guest                  boolean NOT NULL,
  seller_id              text NOT NULL,
  status                 text NOT NULL
    CHECK (status IN ('PENDING', 'CONFIRMED', 'PAID', 'SHIPPED', 'FULFILLED', 'CANCELLED')),
  cancel_reason          text,
  message                text,
  payment_status         text NOT NULL
    CHECK (payment_status IN ('NONE', 'DUE', 'CAPTURED', 'DECLINED', 'VOIDED', 'REFUNDED')),
  payment_method         text,
  confirmation           text NOT NULL CHECK (confirmation IN ('automatic', 'seller')),
  confirmation_requested boolean NOT NULL,
  currency               text NOT NULL,
  total                  bigint NOT NULL CHECK (total >= 0),
  shipping_address       jsonb,
  tracking_number        text,
  expires_at             timestamptz,
  sequence               integer NOT NULL,
  version                integer NOT NULL,
  correlation_id         text NOT NULL,
  placed_at              timestamptz NOT NULL,
  updated_at             timestamptz NOT NULL,
  CHECK ((status = 'CANCELLED') = (cancel_reason IS NOT NULL))
) WITH (fillfactor = 70); -- room to change a row in place: no indexed column changes in an order's life
CREATE UNIQUE INDEX orders_reference_key ON orders (reference);
CREATE INDEX orders_customer_id_id_idx ON orders (customer_id, id);
CREATE INDEX orders_seller_id_id_idx ON orders (seller_id, id);

CREATE TABLE order_items (
  order_id   uuid NOT NULL REFERENCES orders (id),
  line       integer NOT NULL,
  product_id uuid NOT NULL,
  sku        text NOT NULL,
  name       text NOT NULL,
  quantity   integer NOT NULL CHECK (quantity > 0),
  unit_price bigint NOT NULL CHECK (unit_price >= 0),
  PRIMARY KEY (order_id, line)
);

CREATE TABLE products (
  id        uuid PRIMARY KEY,
  sku       text NOT NULL,
  name      text NOT NULL,
  price     bigint NOT NULL,
  currency  text NOT NULL,
  seller_id text NOT NULL,
  active    boolean NOT NULL,
  sequence  integer NOT NULL
);
CREATE INDEX products_name_idx ON products (name);

CREATE TABLE seller_settings (
  seller_id    text PRIMARY KEY,
  confirmation text NOT NULL CHECK (confirmation IN ('automatic', 'seller'))
);
