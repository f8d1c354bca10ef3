import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  isHostName,
  isSameAddress,
  readHostAddress,
  writtenAddress,
  writtenName,
} from '../../../src/domain/host-address.ts';

test.each([
  ['web1.internal', null, 'web1.internal', 22],
  ['deploy@web1.internal', 'deploy', 'web1.internal', 22],
  ['deploy@10.0.0.7:2222', 'deploy', '10.0.0.7', 2222],
  ['deploy@[2001:db8::7]:2222', 'deploy', '2001:db8::7', 2222],
  ['[2001:db8::7]', null, '2001:db8::7', 22],
  ['[::1]:22', null, '::1', 22],
  ['deploy@2001:db8::7', 'deploy', '2001:db8::7', 22],
  ['2001:db8::a', null, '2001:db8::a', 22],
  ['::1', null, '::1', 22],
  ['fe80::', null, 'fe80::', 22],
  ['2001:db8:0:0:0:0:0:22', null, '2001:db8:0:0:0:0:0:22', 22],
  ['::ffff:10.0.0.7', null, '::ffff:10.0.0.7', 22],
])('%s is read', (text, user, host, port) => {
  expect(readHostAddress(text)).toEqual({ user, host, port });
});

test.each([
  ['deploy@2001:db8::7:2222', '[2001:db8::7:2222] or [2001:db8::7]:2222'],
  ['2001:db8:0:0:0:0:0:1:22', '[2001:db8:0:0:0:0:0:1]:22'],
])('%s could be two hosts, or has a port without brackets: told how to write it', (text, better) => {
  expect(() => readHostAddress(text)).toThrow(
    `"${text}" is not plain: an IPv6 address that a port follows has brackets, so write ${better}`,
  );
});

test.each([
  [''],
  ['@web1'],
  ['a b@web1'],
  ['root@'],
  ['root@-oProxyCommand=x'],
  ['web1:0'],
  ['web1:65536'],
  ['web1:'],
  ['[web1]:22'],
  ['[10.0.0.7]'],
  ['[2001:db8::7'],
  ['2001:db8::7]'],
  ['[2001:db8::7]:'],
  ['[2001:db8::7]x'],
  ['[fe80::1%eth0]'],
  ['fe80::1%eth0'],
  ['2001:db8::7::1'],
  ['web1:web2'],
])('%j is no host', (text) => {
  expect(() => readHostAddress(text)).toThrow(
    / is not USER@HOST or USER@HOST:PORT, nor USER@\[ADDRESS\]:PORT/,
  );
});

const hosts = fc.oneof(fc.ipV6(), fc.ipV4(), fc.domain()).filter(isHostName);
const ports = fc.oneof(fc.constant(22), fc.integer({ min: 1, max: 65_535 }));

test('as it is written it is read again, be it by the name that entries have', () => {
  fc.assert(
    fc.property(hosts, ports, fc.constantFrom(null, 'deploy'), (host, port, user) => {
      const written = writtenAddress({ host, port });
      expect(writtenName(`${host}:${port}`)).toBe(written);
      const text = user === null ? written : `${user}@${written}`;
      expect(readHostAddress(text)).toEqual({ user, host, port });
    }),
  );
});

test('without brackets an address is read as itself or not at all', () => {
  fc.assert(
    fc.property(fc.ipV6(), fc.option(ports), (host, port) => {
      const text = port === null ? host : `${host}:${port}`;
      let read = null;
      try {
        read = readHostAddress(text);
      } catch {
        // Told how to write it.
      }
      if (read !== null) expect({ host: read.host, port: read.port }).toEqual({ host: text, port: 22 });
    }),
  );
});

test('an address in another spelling is the same host, another port is not', () => {
  const one = { host: '2001:DB8:0:0::7', port: 22 };
  expect(isSameAddress(one, { host: '2001:db8::7', port: 22 })).toBe(true);
  expect(isSameAddress(one, { host: '2001:db8::7', port: 23 })).toBe(false);
  expect(isSameAddress(one, { host: '2001:db8::8', port: 22 })).toBe(false);
});
