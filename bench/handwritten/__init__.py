"""The networks of the articles as a person types them with Keras: each file builds and compiles one model."""
