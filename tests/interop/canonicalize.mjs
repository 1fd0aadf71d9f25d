// npm canonicalize. In: [JSON text as hex]. Out: [canonical bytes as hex].
import canonicalize from 'canonicalize';
import { answer } from './common.mjs';

await answer((texts) => texts.map((text) => Buffer.from(canonicalize(JSON.parse(Buffer.from(text, 'hex').toString('utf8'))), 'utf8').toString('hex')));
