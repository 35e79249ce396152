llm replicate add meta/llama-2-70b-chat --chat --alias llama2 --version "$LLAMA_VERSION"
llm -m llama2 "Tell me a story about a llama"
