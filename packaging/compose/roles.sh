#!/bin/sh
# Makes the two roles and the database when the volume is new. The owner makes the tables; the gateway,
# by which Causeway reads and writes, owns nothing and cannot look past row-level security.
set -eu
psql --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --set=owner_password="$(cat /run/secrets/owner-password)" \
  --set=gateway_password="$(cat /run/secrets/gateway-password)" <<'SQL'
CREATE ROLE causeway_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE causeway_gateway LOGIN PASSWORD :'gateway_password';
CREATE DATABASE causeway OWNER causeway_owner ENCODING 'UTF8' TEMPLATE template0;
SQL
