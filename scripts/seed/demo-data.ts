const automaticSeller = 'workshop@orderflow.io';
const demoSeller = 'seller@orderflow.io';

/** The workshop's orders are confirmed at once; those of the demo account's shop wait for its click. */
export const sellers = [
  { id: automaticSeller, confirmation: 'automatic' },
  { id: demoSeller, confirmation: 'seller' },
];

const euros = (amount: number) => ({ amount, currency: 'EUR' });

export const products = [
  {
    sku: 'MUG-ENAMEL',
    name: 'Enamel mug',
    description: 'Holds 350 ml of coffee and survives the dishwasher, the campfire and the on-call desk.',
    price: euros(1490),
    sellerId: automaticSeller,
    stock: 250,
  },
  {
    sku: 'LAMP-DESK',
    name: 'Desk lamp',
    description: 'A brass arm, a warm light, and a switch that is where the hand looks for it.',
    price: euros(6900),
    sellerId: automaticSeller,
    stock: 80,
  },
  {
    sku: 'NOTEBOOK-A5',
    name: 'Notebook A5',
    description:
      '192 dotted pages, thread-bound, lies flat; numbered for those who write down what happened.',
    price: euros(1250),
    sellerId: automaticSeller,
    stock: 400,
  },
  {
    sku: 'CLOCK-WALL',
    name: 'Wall clock',
    description: 'Silent movement, large figures. Agrees with itself, which is all one can ask of a clock.',
    price: euros(3900),
    sellerId: automaticSeller,
    stock: 60,
  },
  {
    sku: 'PRINT-ONE-OF-TEN',
    name: 'Linocut, edition of ten',
    description:
      'A harbour at dusk, printed by hand, signed and numbered. Ten were made; there is no eleventh.',
    price: euros(12000),
    sellerId: automaticSeller,
    stock: 10,
  },
  {
    sku: 'CHAIR-OAK',
    name: 'Oak chair',
    description: 'Made to order in four weeks, so the shop confirms each by hand.',
    price: euros(24900),
    sellerId: demoSeller,
    stock: 12,
  },
  {
    sku: 'TABLE-OAK',
    name: 'Oak table',
    description: 'Seats six; the boards are chosen for each table.',
    price: euros(89000),
    sellerId: demoSeller,
    stock: 4,
  },
  {
    sku: 'OIL-WOOD',
    name: 'Wood oil',
    description: 'Linseed and orange, 500 ml: enough for a table and its chairs.',
    price: euros(1800),
    sellerId: demoSeller,
    stock: 150,
  },
];

export const customers = [
  { name: 'Ada Lovelace', email: 'ada@example.com', phone: '+442079460001' },
  { name: 'Grace Hopper', email: 'grace@example.com', phone: '+12025550143' },
  { name: 'Konrad Zuse', email: 'konrad@example.com' },
];
