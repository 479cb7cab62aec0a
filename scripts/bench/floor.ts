import pg from 'pg';

/**
 * The floor: what a saga costs when nothing is in the way. The same seven durable steps as the system's happy
 * path, as plain SQL on one Postgres, one commit a step, without HTTP, events, services or an engine.
 * It cannot be beaten step by step; a system that batches commits may come out above it.
 */
const SCHEMA = `
  CREATE TABLE stock (product_id int PRIMARY KEY, on_hand bigint NOT NULL, reserved bigint NOT NULL);
  CREATE TABLE orders (id uuid PRIMARY KEY, customer text, status text, total bigint, placed_at timestamptz);
  CREATE TABLE order_items (order_id uuid, line int, product_id int, quantity int, price bigint, PRIMARY KEY (order_id, line));
  CREATE TABLE reservations (order_id uuid PRIMARY KEY, product_id int, quantity int, expires_at timestamptz);
  CREATE TABLE movements (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, order_id uuid, product_id int, quantity int);
  CREATE TABLE payments (order_id uuid PRIMARY KEY, amount bigint, status text, reference text);
  CREATE TABLE messages (order_id uuid PRIMARY KEY, recipient text, status text);
  INSERT INTO stock SELECT n, 1000000000, 0 FROM generate_series(0, $PRODUCTS - 1) AS n;`;

const STEPS = [
  `WITH placed AS (INSERT INTO orders VALUES ($1, 'somebody@example.com', 'PENDING', 2999, now()))
   INSERT INTO order_items VALUES ($1, 1, $2, 1, 2999)`,
  `WITH held AS (UPDATE stock SET reserved = reserved + 1 WHERE product_id = $2),
        moved AS (INSERT INTO movements (order_id, product_id, quantity) VALUES ($1, $2, 1))
   INSERT INTO reservations VALUES ($1, $2, 1, now() + interval '30 minutes')`,
  `UPDATE orders SET status = 'CONFIRMED' WHERE id = $1`,
  `INSERT INTO payments VALUES ($1, 2999, 'CHARGING', NULL)`,
  `UPDATE payments SET status = 'CAPTURED', reference = 'ch' WHERE order_id = $1`,
  `UPDATE orders SET status = 'PAID' WHERE id = $1`,
  `INSERT INTO messages VALUES ($1, 'somebody@example.com', 'SENT')`,
];

type FloorOptions = { adminUrl: string; seconds: number; concurrency: number; products: number };

/** Runs the floor in a database of its own, which it drops again. Gives sagas per second. */
export async function measureFloor({
  adminUrl,
  seconds,
  concurrency,
  products,
}: FloorOptions): Promise<number> {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  const url = new URL(adminUrl);
  url.pathname = '/orderflow_floor';
  await admin.query('DROP DATABASE IF EXISTS orderflow_floor WITH (FORCE)');
  await admin.query('CREATE DATABASE orderflow_floor');
  const pool = new pg.Pool({ connectionString: url.href, max: concurrency });
  try {
    await pool.query(SCHEMA.replace('$PRODUCTS', String(products)));
    const end = performance.now() + seconds * 1000;
    const started = performance.now();
    let sagas = 0;
    const worker = async () => {
      while (performance.now() < end) {
        const id = crypto.randomUUID();
        const product = Math.floor(Math.random() * products);
        for (const [i, text] of STEPS.entries()) {
          const values = text.includes('$2') ? [id, product] : [id];
          await pool.query({ name: `step${i}`, text, values });
        }
        sagas += 1;
      }
    };
    await Promise.all(Array.from({ length: concurrency }, worker));
    return sagas / ((performance.now() - started) / 1000);
  } finally {
    // Without FORCE: connections that are still closing would take it for a failure; Postgres waits for them.
    await pool.end();
    await admin.query('DROP DATABASE IF EXISTS orderflow_floor');
    await admin.end();
  }
}
