// Validation by RELAX NG schemas: where Pacemaker's schema files are installed (`/usr/share/pacemaker/*.rng`), a document
// can be held against the very schema that it names. The schemas are not part of this program, and its own validation
// (../validation) does not need them. libxml2 is loaded on first use only.
//
// The caller reads the files, so that nothing here is bound to one platform.
import type { Diagnostic } from '../../kit/index.ts';
import { formatSchemaVersion, type SchemaVersion } from '../upgrade/schema-version.ts';
import type { XmlElement } from '../xml/element.ts';
import { xmlIndexOf } from '../xml/navigation.ts';
import { parseXml } from '../xml/parse.ts';
import { serialiseXml } from '../xml/serialise.ts';

/** A compiled schema. `close` frees what it holds outside JavaScript's memory. */
export type SchemaValidator = {
  /** One error for each thing the schema rejects, at the element where libxml2 noticed it. */
  readonly validate: (cib: XmlElement) => Diagnostic[];
  readonly close: () => void;
};

/**
 * Compiles the schema of a version. `files` holds all schema files by their bare names, since they refer to each other.
 * Undefined when the version's file is not among them; throws what libxml2 throws when a schema itself is broken.
 */
export async function compileSchema(
  files: Readonly<Record<string, Uint8Array>>,
  version: SchemaVersion,
): Promise<SchemaValidator | undefined> {
  const name = `${formatSchemaVersion(version)}.rng`;
  const source = files[name];
  if (source === undefined) return undefined;
  const { RelaxNGValidator, XmlBufferInputProvider, XmlDocument, XmlValidateError, xmlRegisterInputProvider } =
    await import('libxml2-wasm');
  xmlRegisterInputProvider(new XmlBufferInputProvider({ ...files }));
  const grammar = XmlDocument.fromBuffer(source, { url: name });
  const validator = RelaxNGValidator.fromDoc(grammar);
  const validate = (cib: XmlElement): Diagnostic[] => {
    const text = serialiseXml(cib);
    const document = XmlDocument.fromString(text);
    try {
      validator.validate(document);
      return [];
    } catch (problem) {
      if (!(problem instanceof XmlValidateError)) throw problem;
      return diagnosticsOf(problem.details, cib, text, name);
    } finally {
      document.dispose();
    }
  };
  const close = () => {
    validator.dispose();
    grammar.dispose();
  };
  return { validate, close };
}

type Detail = { readonly message: string; readonly line: number };

/** libxml2 counts lines of the text it was given; the same element in the caller's tree has the line people know. */
function diagnosticsOf(details: readonly Detail[], cib: XmlElement, text: string, schema: string): Diagnostic[] {
  const written = parseXml(text);
  const originals = new Map<number, XmlElement>();
  if (written.ok) matchLines(written.value, cib, originals);
  const index = xmlIndexOf(cib);
  return details.map(({ message, line }): Diagnostic => {
    const element = originals.get(line);
    const place =
      element === undefined
        ? {}
        : { path: index.pathOf(element), ...(element.line === 0 ? {} : { line: element.line }) };
    return { severity: 'error', place, what: message.trim(), why: `${schema} does not allow it` };
  });
}

function matchLines(written: XmlElement, original: XmlElement, originals: Map<number, XmlElement>): void {
  originals.set(written.line, original);
  for (const [position, child] of written.children.entries()) {
    const counterpart = original.children[position];
    if (counterpart !== undefined) matchLines(child, counterpart, originals);
  }
}
