# Recipes are the commands of docs/contributing.md under short names; none of them is needed.

engine := "--workspace --exclude stateward-aws --no-default-features"

# List the recipes.
default:
    @just --list

# The inner loop: the engine and its tests, without the AWS SDK.
inner *args:
    cargo test {{ engine }} {{ args }}

# Every test, emulator included; the first build takes 10 to 15 minutes.
test *args:
    cargo test --workspace {{ args }}

# Format, and lint what the inner loop builds.
lint:
    cargo fmt --all
    cargo clippy {{ engine }} --all-targets -- -D warnings

# Everything that has to hold before a merge.
ci:
    .ci/run

# Audit the built-in estate; the brief lands in stateward-demo/.
demo:
    cargo run --no-default-features -- demo

# Run the full binary.
run *args:
    cargo run -- {{ args }}

# Start the sample estate on an emulator.
estate-up:
    localstack/up

# Change the sample estate behind Terraform's back.
estate-drift:
    localstack/drift

# Stop the sample estate.
estate-down:
    localstack/down

# Read the book at http://localhost:3000 (needs mdbook).
book:
    mdbook serve docs

# What a release offers for this machine, in dist/: archive, checksum, bill of materials.
release-archive *args:
    tools/release build {{ args }}
    tools/release check dist

# The same of the engine alone, in a minute or two.
release-try:
    tools/release build --profile dev --out target/dist -- --no-default-features --features parquet
    tools/release check target/dist
