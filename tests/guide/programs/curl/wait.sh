curl -s -X POST \
  -H "Authorization: Bearer $REPLICATE_API_TOKEN" \
  -H "Content-Type: application/json" \
  -H "Prefer: wait" \
  -d '{"version": "'"$SDXL_VERSION"'", "input": {"prompt": "a cat", "num_outputs": 1}}' \
  "$REPLICATE_BASE_URL/v1/predictions"
