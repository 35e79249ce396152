from cog import BasePredictor, Input
from transformers import pipeline


class Predictor(BasePredictor):
    def setup(self) -> None:
        """Load the model into memory to make running multiple predictions efficient"""
        self.model = pipeline("text-generation", model="./model", device=0)

    def predict(
        self,
        prompt: str = Input(description="Input prompt"),
        max_tokens: int = Input(description="Maximum tokens to generate", default=100, ge=1, le=1000),
        temperature: float = Input(description="Sampling temperature", default=0.7, ge=0.0, le=2.0),
    ) -> str:
        """Run a single prediction on the model"""
        output = self.model(prompt, max_length=max_tokens, temperature=temperature)
        return str(output[0]["generated_text"])
