import { spansOf, type Span } from './span.ts';

/** Tokens that begin with a mark of whoever gives them out, so that scanners find them. */
const prefixed: readonly RegExp[] = [
  // GitHub, GitLab.
  /(?<![\w-])gh[pousr]_[A-Za-z0-9]{30,255}/dg,
  /(?<![\w-])github_pat_\w{22,255}/dg,
  /(?<![\w-])(?:glpat|gldt|glrt|glcbt|glptt|glft|glimt|glagent|gloas|glsoat|glffct|GR1348941)-?[\w.-]{20,255}/dg,
  // Slack: tokens, and webhooks, whose path is the credential.
  /(?<![\w-])xox[abeoprs]-[A-Za-z0-9-]{10,255}/dg,
  /(?<![\w-])xapp-\d-[A-Za-z0-9-]{10,255}/dg,
  /hooks\.slack\.com\/(?:services|workflows|triggers)\/([\w/+-]{20,255})/dg,
  /discord(?:app)?\.com\/api\/webhooks\/(\d{5,25}\/[\w-]{20,255})/dg,
  // Stripe, OpenAI and those alike, Anthropic's too.
  /(?<![\w-])(?:[srp]k_(?:live|test|prod)|whsec)_?[A-Za-z0-9]{16,255}/dg,
  /(?<![\w-])sk-(?:[a-z0-9]{2,12}-){0,3}(?=[\w-]{0,60}\d)[A-Za-z0-9_-]{20,255}/dg,
  // Registries of packages and images.
  /(?<![\w-])npm_[A-Za-z0-9]{36}(?![\w-])/dg,
  /(?<![\w-])pypi-[\w-]{50,255}/dg,
  /(?<![\w-])rubygems_[0-9a-f]{48}/dg,
  /(?<![\w-])dckr_(?:pat|oat)_[\w-]{20,255}/dg,
  // HashiCorp: Vault, Terraform Cloud. Databricks, Grafana, SendGrid, Mailgun, Shopify, Linear, Hugging Face, age.
  /(?<![\w.-])(?:hv[sbr]\.[\w-]{20,255})/dg,
  /(?<![\w.-])[A-Za-z0-9]{14}\.atlasv1\.[\w-]{60,255}/dg,
  /(?<![\w-])dapi[0-9a-f]{32}(?![\w])/dg,
  /(?<![\w-])gl(?:sa|c)_[A-Za-z0-9_+/=]{30,255}/dg,
  /(?<![\w.-])SG\.[\w-]{16,32}\.[\w-]{32,64}/dg,
  /(?<![\w-])key-[0-9a-f]{32}(?![\w-])/dg,
  /(?<![\w-])shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}/dg,
  /(?<![\w-])lin_api_[A-Za-z0-9]{40}/dg,
  /(?<![\w-])hf_[A-Za-z0-9]{30,64}(?![\w-])/dg,
  /(?<![\w-])AGE-SECRET-KEY-1[A-Z0-9]{58}/dg,
  /(?<![\w:-])\d{8,10}:AA[\w-]{33}(?![\w-])/dg,
  // Sourcegraph, Sentry, Notion, EasyPost, Fly, 42, Perplexity, 1Password, Doppler, Dynatrace, Clojars, Shippo, PlanetScale, OpenShift.
  /(?<![\w-])sgp_[A-Za-z0-9_]{40,80}(?![\w-])/dg,
  /(?<![\w-])sntry[su]_[\w+/=-]{40,400}/dg,
  /(?<![\w-])ntn_[A-Za-z0-9]{40,60}(?![\w-])/dg,
  /(?<![\w-])EZ[AT]K[A-Za-z0-9]{54}(?![\w-])/dg,
  /(?<![\w-])(?:fo1_[\w-]{43}|fm[12][ar]?_[A-Za-z0-9+/]{60,512}={0,3})(?![\w-])/dg,
  /(?<![\w-])s-s4t2(?:ud|af)-[0-9a-f]{64}/dg,
  /(?<![\w-])pplx-[A-Za-z0-9]{48}(?![\w-])/dg,
  /(?<![\w-])A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})(?:-[A-Z0-9]{5}){3}/dg,
  /(?<![\w-])ops_eyJ[A-Za-z0-9+/]{100,2048}={0,2}/dg,
  /(?<![\w.-])dp\.(?:pt|st|sa|ct|scim|audit)\.[\w.-]{40,80}/dg,
  /(?<![\w-])dt0c01\.[A-Z0-9]{24}\.[A-Z0-9]{64}/dgi,
  /(?<![\w-])CLOJARS_[0-9a-z]{60}/dgi,
  /(?<![\w-])shippo_(?:live|test)_[0-9a-f]{40}/dgi,
  /(?<![\w-])pscale_(?:pw|tkn|oauth)_[\w.=-]{32,64}/dgi,
  /(?<![\w-])sha256~[\w-]{43}(?![\w-])/dg,
  // Amazon Bedrock, Cloudflare's origin keys, Microsoft Teams' webhooks, Hugging Face's organisations, Duffel, ReadMe, Prefect.
  /(?<![\w-])ABSK[A-Za-z0-9+/]{100,280}={0,2}/dg,
  /(?<![\w-])v1\.0-[0-9a-f]{24}-[0-9a-f]{146}/dg,
  /webhook\.office\.com\/webhookb2\/([\w@/-]{60,300})/dg,
  /(?<![\w-])api_org_[A-Za-z]{34}(?![\w-])/dg,
  /(?<![\w-])duffel_(?:test|live)_[\w=-]{40,46}/dg,
  /(?<![\w-])(?:rdme_[a-z0-9]{70}|pnu_[a-zA-Z0-9]{36})(?![\w-])/dg,
];

/** Tokens of GitHub, GitLab, Slack, Stripe, npm, model providers and others. */
export function findVendorTokens(text: string): Span[] {
  return prefixed.flatMap((format) => spansOf(format, text));
}
