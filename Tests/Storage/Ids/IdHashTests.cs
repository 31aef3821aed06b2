using RawSocketChat.Server.Storage.Sqlite.Ids;

namespace RawSocketChat.Tests.Storage.Ids;

/// <summary>The hash is SipHash-2-4 as its authors publish it (vectors_sip128: the key 00 … 0f, inputs of 00, 01, …).</summary>
public sealed class IdHashTests
{
    private static readonly IdHash Hash = new([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);

    [TestCase(0, "a3817f04ba25a8e66df67214c7550293")]
    [TestCase(1, "da87c1d86b99af44347659119b22fc45")]
    [TestCase(8, "3b62a9ba6258f5610f83e264f31497b4")]
    [TestCase(13, "9869e247e9c08b10d029934fc4b952f7")]
    [TestCase(15, "5493e99933b0a8117e08ec0f97cfc3d9")]
    public void It_is_that_of_its_authors(int length, string hash) =>
        Hash.Of([.. Enumerable.Range(0, length).Select(i => (byte)i)]).ToString("x32", null).Should().Be(hash);

    [TestCase("ann", "1")]
    [TestCase("r\u00f6b", "s\0\U0001F600")]
    [TestCase("", "")]
    public void Text_and_its_bytes_have_one_hash(string author, string clientId) =>
        Hash.Of(author, clientId).Should().Be(Hash.Of(System.Text.Encoding.UTF8.GetBytes(author), System.Text.Encoding.UTF8.GetBytes(clientId)));

    [Test]
    public void Long_texts_are_hashed_whole()
    {
        var text = new string('x', 3_000);
        Hash.Of(text, text + "1").Should().NotBe(Hash.Of(text, text + "2"));
        Hash.Of(text, text).Should().Be(Hash.Of(System.Text.Encoding.UTF8.GetBytes(text), System.Text.Encoding.UTF8.GetBytes(text)));
        Hash.Of("a", "b").Should().NotBe(Hash.Of("ab", ""));
    }
}
