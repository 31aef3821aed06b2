using RawSocketChat.Server.Sessions;

namespace RawSocketChat.Tests.Sessions;

public sealed class SessionTokenTests
{
    [Test]
    public void Tokens_are_256_random_bits_and_kept_as_hashes()
    {
        var tokens = Enumerable.Range(0, 1000).Select(_ => SessionToken.New()).ToHashSet();
        tokens.Should().HaveCount(1000).And.OnlyContain(token => token.Length == 64);
        SessionToken.HashOf("x").Should().NotBe(SessionToken.HashOf("y"));
    }
}
