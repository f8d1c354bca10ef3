/** What the demo's shop consists of before anybody changes it: a page, a script that must stay executable, a link. */
export const SHOP_FILES: Readonly<Record<string, string>> = {
  'README.md': '# shop\n\nA small shop, deployed by Countersign.\n',
  'public/index.html': '<!doctype html>\n<title>Shop</title>\n<p>Prices without tax.</p>\n',
  'public/robots.txt': 'User-agent: *\nAllow: /\n',
  'config/app.json': '{ "tax": false }\n',
};
