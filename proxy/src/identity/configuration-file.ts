import { readFileSync } from 'node:fs';
import { HoldpointError, messageOf, parseAuthenticationConfiguration, type JwtAuthenticator } from '@holdpoint/core';
import { createReloader, parseYaml, type Reloader } from '@holdpoint/platform';

/** An AuthenticationConfiguration file as it was read, and what it says. */
export interface ConfigurationFile {
  text: string;
  configuration: readonly JwtAuthenticator[];
}

/** @throws HoldpointError ERR_CONFIG_INVALID naming the file, or the field in it that is wrong */
export function readConfigurationFile(file: string): ConfigurationFile {
  const text = read(file);
  return { text, configuration: parse(file, text) };
}

/**
 * Follows the file. It is judged as at the start, but for one thing: without any issuer it is taken, for whoever takes out
 * the last one means it. `apply` throws what else it cannot be served with.
 */
export function followConfigurationFile(options: {
  file: string;
  current: ConfigurationFile;
  apply: (configuration: readonly JwtAuthenticator[]) => void;
  onReload: (configuration: readonly JwtAuthenticator[]) => void;
  onFailure: (error: unknown) => void;
}): Reloader {
  const { file, current, apply, onReload, onFailure } = options;
  let taken = current.configuration;
  return createReloader({
    current: current.text,
    read: () => read(file),
    isSame: (one, other) => one === other,
    apply(text) {
      const configuration = parse(file, text);
      apply(configuration);
      taken = configuration;
    },
    onReload: () => onReload(taken),
    onFailure,
  });
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw invalid(`${file}: cannot be read: ${messageOf(cause)}`, cause);
  }
}

function parse(file: string, text: string): readonly JwtAuthenticator[] {
  let document: unknown;
  try {
    document = parseYaml(text);
  } catch (cause) {
    throw invalid(`${file}: expected YAML: ${messageOf(cause)}`, cause);
  }
  return parseAuthenticationConfiguration(document);
}

function invalid(message: string, cause: unknown): HoldpointError {
  return new HoldpointError('ERR_CONFIG_INVALID', message, { cause });
}
