-- Stands in for pgcrypto: what names its functions is accepted, what calls them is refused, but for random UUIDs.
create function gen_random_uuid() returns uuid language sql volatile as 'select pg_catalog.gen_random_uuid()';

do $stand_in$
declare
  refuse constant text := 'begin raise feature_not_supported using message = ''this function of pgcrypto is not in the embedded server''; end';
  signature text;
begin
  foreach signature in array array[
    'digest(text, text) returns bytea',
    'digest(bytea, text) returns bytea',
    'hmac(text, text, text) returns bytea',
    'hmac(bytea, bytea, text) returns bytea',
    'crypt(text, text) returns text',
    'encrypt(bytea, bytea, text) returns bytea',
    'decrypt(bytea, bytea, text) returns bytea',
    'encrypt_iv(bytea, bytea, bytea, text) returns bytea',
    'decrypt_iv(bytea, bytea, bytea, text) returns bytea',
    'pgp_sym_decrypt(bytea, text) returns text',
    'pgp_sym_decrypt(bytea, text, text) returns text',
    'pgp_sym_decrypt_bytea(bytea, text) returns bytea',
    'pgp_sym_decrypt_bytea(bytea, text, text) returns bytea',
    'pgp_pub_decrypt(bytea, bytea) returns text',
    'pgp_pub_decrypt(bytea, bytea, text) returns text',
    'pgp_pub_decrypt(bytea, bytea, text, text) returns text',
    'pgp_pub_decrypt_bytea(bytea, bytea) returns bytea',
    'pgp_pub_decrypt_bytea(bytea, bytea, text) returns bytea',
    'pgp_pub_decrypt_bytea(bytea, bytea, text, text) returns bytea',
    'pgp_key_id(bytea) returns text',
    'pgp_armor_headers(text, out key text, out value text) returns setof record',
    'armor(bytea) returns text',
    'armor(bytea, text[], text[]) returns text',
    'dearmor(text) returns bytea'
  ] loop
    execute format('create function %s language plpgsql immutable strict as %L', signature, refuse);
  end loop;
  foreach signature in array array[
    'gen_salt(text) returns text',
    'gen_salt(text, integer) returns text',
    'gen_random_bytes(integer) returns bytea',
    'pgp_sym_encrypt(text, text) returns bytea',
    'pgp_sym_encrypt(text, text, text) returns bytea',
    'pgp_sym_encrypt_bytea(bytea, text) returns bytea',
    'pgp_sym_encrypt_bytea(bytea, text, text) returns bytea',
    'pgp_pub_encrypt(text, bytea) returns bytea',
    'pgp_pub_encrypt(text, bytea, text) returns bytea',
    'pgp_pub_encrypt_bytea(bytea, bytea) returns bytea',
    'pgp_pub_encrypt_bytea(bytea, bytea, text) returns bytea'
  ] loop
    execute format('create function %s language plpgsql volatile strict as %L', signature, refuse);
  end loop;
end $stand_in$;
