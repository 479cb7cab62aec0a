-- Words apart and in lower case, by Unicode in whatever locale the database has. Left to itself the parser of
-- to_tsvector takes "MUG-1" for a word and a negative number.
CREATE FUNCTION search_text(source text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN lower(regexp_replace(source COLLATE "und-x-icu", '[^[:alnum:]]+', ' ', 'g'));

-- All words, the last one as the beginning of a word; null when there are none. Nothing but letters, digits and
-- what is added here reaches to_tsquery, so nobody can write operators of its own.
CREATE FUNCTION search_query(source text) RETURNS tsquery LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN to_tsquery('simple', replace(nullif(btrim(search_text(source)), ''), ' ', ' & ') || ':*');

-- "simple" stems nothing: names and SKUs are of no one language, and prefixes find most of what stems would.
ALTER TABLE products ADD COLUMN search tsvector GENERATED ALWAYS AS (
  setweight(to_tsvector('simple', search_text(name)), 'A') ||
  setweight(to_tsvector('simple', search_text(sku)), 'A') ||
  setweight(to_tsvector('simple', search_text(description)), 'C')) STORED;
CREATE INDEX products_search_idx ON products USING gin (search);

-- One for each order of the list, so that a page is read from where the last one ended.
CREATE INDEX products_by_price ON products (currency, price, id);
CREATE INDEX products_by_name ON products (name COLLATE "und-x-icu", id);

-- Apart from products, whose rows are read for every list. `image_url` of the product says which one is shown.
CREATE TABLE product_images (
  product_id uuid PRIMARY KEY REFERENCES products (id),
  media_type text NOT NULL CHECK (media_type IN ('image/png', 'image/jpeg', 'image/webp')),
  sha256     text NOT NULL,
  bytes      bytea NOT NULL CHECK (octet_length(bytes) <= 2097152),
  created_at timestamptz NOT NULL DEFAULT now()
);
-- Images are compressed already.
ALTER TABLE product_images ALTER COLUMN bytes SET STORAGE EXTERNAL;

-- Null: written before this column, or by a replica that does not know it yet.
ALTER TABLE movements ADD COLUMN actor text;
