using RawSocketChat.Server.Sessions;

namespace RawSocketChat.Tests.Sessions;

public sealed class SessionTokenTests
{
    [Test]
    public void Tokens_have_256_random_bits_and_distinct_hashes()
    {
        var tokens = Enumerable.Range(0, 1000).Select(_ => SessionToken.Create()).ToHashSet();
        tokens.Should().HaveCount(1000).And.OnlyContain(token => token.Length == 64);
        SessionToken.ComputeHash("x").Should().NotBe(SessionToken.ComputeHash("y"));
    }
}
