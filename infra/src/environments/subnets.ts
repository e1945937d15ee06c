// Sizes that AWS takes: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
const largest = 16;
const smallest = 28;

interface Block {
  /** The first address, as a number of 32 bits. */
  readonly address: number;
  /** Of the part that all addresses share, in bits. */
  readonly length: number;
}

const blockOf = (cidr: string): Block => {
  const [address = '', length = ''] = cidr.split('/');
  return {
    address: address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0),
    length: Number(length),
  };
};

// Divides, where `>>` and `&` would take the upper half of the addresses for negative numbers.
const textOf = ({ address, length }: Block): string =>
  `${[24, 16, 8, 0].map((bit) => Math.floor(address / 2 ** bit) % 256).join('.')}/${length}`;

const sizeOf = (length: number): number => 2 ** (32 - length);

/**
 * One of the largest `count` equal subnets that a network can be divided into, counted from 0: of two, `10.0.0.0/16` has
 * `10.0.0.0/17` and `10.0.128.0/17`. No two have an address in common.
 */
export const subnetOf = (cidr: string, count: number, index: number): string => {
  const network = blockOf(cidr);
  const length = network.length + Math.ceil(Math.log2(count));
  return textOf({ address: network.address + index * sizeOf(length), length });
};

/** Why AWS would refuse the network or its subnets; null if it takes them. */
export const networkFault = (cidr: string, count: number): string | null => {
  const network = blockOf(cidr);
  const first = textOf({
    address: network.address - (network.address % sizeOf(network.length)),
    length: network.length,
  });
  if (first !== cidr) return `is not where a network begins, ${first} is`;
  if (network.length < largest) return `is larger than AWS's largest network, a /${largest}`;
  const needed = smallest - Math.ceil(Math.log2(count));
  return network.length > needed ? `has no room for ${count} subnets, a /${needed} has` : null;
};
