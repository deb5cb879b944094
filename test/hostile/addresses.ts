/** Places to which no redirect or playlist may lead, however they are written. */
export const FORBIDDEN_HOSTS: readonly string[] = [
  '127.0.0.1', '127.1', '0x7f.1', '2130706433', '0177.0.0.1', '\uff11\uff12\uff17.0.0.1', 'localhost', 'localhost.', '[::1]', '[::]', '0', '0.0.0.0',
  '[::ffff:7f00:1]', '[::ffff:127.0.0.1]', '[::127.0.0.1]', '[64:ff9b::7f00:1]', '[64:ff9b:1::1]', '[2002:7f00:1::]', '[fe80::1]', '[fc00::1]',
  '[fd12:3456::1]', '[fec0::1]', '[ff02::1]', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '169.254.169.254', '100.64.0.1', '198.18.0.1',
  '192.0.2.1', '198.51.100.1', '203.0.113.1', '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255', 'private.test', 'mixed-private.test',
];

/** Targets of a redirect that are no stream addresses at all. */
export const FORBIDDEN_TARGETS: readonly string[] = [
  'file:///etc/passwd', 'gopher://a/', 'icy://127.0.0.1/', 'ftp://a/', 'javascript:alert(1)', 'data:audio/mpeg,x', 'http://', 'http:///', 'http://[::1', 'http://a:99999/',
  'http://%zz/', '\\\\a\\b', `http://${'a'.repeat(3000)}/`, 'http://\x01/', '\xff\xfe',
];
