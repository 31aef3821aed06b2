using Microsoft.Extensions.Configuration;
using RawSocketChat.Server.Hosting;
using RawSocketChat.Server.Push;
using RawSocketChat.Tests.Operator;

namespace RawSocketChat.Tests.Push;

/// <summary>The keys and the other settings of push messages, and the text of a message.</summary>
public sealed class PushKeysTests
{
    // RFC 8291, appendix A: the keys of the browser.
    private const string BrowserPublic = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    private const string BrowserPrivate = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94";

    [Test]
    public void Keys_of_RFC_8291_are_a_pair()
    {
        PushKeys.IsPair(BrowserPublic, BrowserPrivate).Should().BeTrue();
        PushKeys.IsPublicKey(BrowserPublic).Should().BeTrue();
        PushKeys.IsSecret("BTBZMqHH6r4Tts7J_aSIgg").Should().BeTrue();
    }

    [Test]
    public void New_keys_are_a_pair()
    {
        var (publicKey, privateKey) = PushKeys.Create();
        PushKeys.IsPair(publicKey, privateKey).Should().BeTrue();
        PushKeys.IsPair(publicKey, BrowserPrivate).Should().BeFalse();
        PushKeys.Create().Public.Should().NotBe(publicKey);
    }

    [TestCase("")]
    [TestCase("not base64!")]
    [TestCase("BCVx")]
    [TestCase("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAix4", Description = "a point that is not on the curve")]
    public void Text_that_is_not_a_key_is_rejected(string text)
    {
        PushKeys.IsPublicKey(text).Should().BeFalse();
        PushKeys.IsSecret(text).Should().BeFalse();
        PushKeys.IsPair(text, BrowserPrivate).Should().BeFalse();
        PushKeys.IsPair(BrowserPublic, text).Should().BeFalse();
    }

    [Test]
    public async Task Command_push_keys_prints_settings_that_the_server_accepts()
    {
        var (exitCode, output, _) = await OperatorRunner.RunAsync(Path.GetTempPath(), "push-keys");
        exitCode.Should().Be(0);
        var arguments = output.Split((char[])[' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries);
        arguments.Should().HaveCount(4);
        var settings = new ConfigurationBuilder().AddCommandLine([.. arguments, "--Push:Subject", "https://example.org/contact"]).Build();
        settings.GetSection(PushOptions.Section).Get<PushOptions>()!.FindErrors().Should().BeEmpty();
    }

    [TestCase("--Push:Subject", "mailto:admin@example.org", "--Push:PublicKey: push messages need Subject, PublicKey and PrivateKey; the command push-keys creates the keys*")]
    [TestCase("--Push:PublicKey", BrowserPublic, "--Push:Subject: push messages need*")]
    public void Subject_and_keys_must_be_set_together(string name, string value, string error) =>
        FluentActions.Invoking(() => Server.Program.Build([name, value])).Should().Throw<SettingException>().WithMessage(error);

    [TestCase("admin@example.org")]
    [TestCase("mailto:admin")]
    [TestCase("http://example.org")]
    [TestCase("mailto:admin@example.org\",\"x\":\"y")]
    public void Subject_must_be_an_address(string subject) =>
        FluentActions.Invoking(() => Server.Program.Build(["--Push:Subject", subject, "--Push:PublicKey", BrowserPublic, "--Push:PrivateKey", BrowserPrivate]))
            .Should().Throw<SettingException>().WithMessage($"--Push:Subject: \"{subject}\" is not an address of the operator; try: mailto:admin@example.org");

    [Test]
    public void Keys_must_be_a_pair_and_the_error_does_not_contain_them() =>
        FluentActions.Invoking(() => Server.Program.Build(["--Push:Subject", "mailto:a@b.c", "--Push:PublicKey", PushKeys.Create().Public, "--Push:PrivateKey", BrowserPrivate]))
            .Should().Throw<SettingException>().WithMessage("--Push:PrivateKey: the keys are not a pair; the command push-keys creates one");

    [Test]
    public void Allowed_networks_must_be_valid() =>
        FluentActions.Invoking(() => Server.Program.Build(["--Push:AllowedNetworks:0", "10.0.0.0/99"]))
            .Should().Throw<SettingException>().WithMessage("--Push:AllowedNetworks: \"10.0.0.0/99\" is not a network; try: 10.1.2.0/24");

    [TestCase("hello", "hello")]
    [TestCase(" a\n\n b\tc ", "a b c")]
    [TestCase("the ||murderer|| is ||the\nbutler||", "the ▒▒▒ is ▒▒▒")]
    [TestCase("never ||ending", "never ▒▒▒")]
    public void Text_is_one_line_without_spoilers(string text, string expected) => PushText.Shorten(text).Should().Be(expected);

    [Test]
    public void Long_text_is_cut_only_between_grapheme_clusters()
    {
        PushText.Shorten(new string('x', 161)).Should().Be(new string('x', 160) + "…");
        PushText.Shorten(string.Concat(Enumerable.Repeat("👩‍👩‍👧‍👦", 200))).Should().EndWith("👩‍👩‍👧‍👦…");
        System.Text.Encoding.UTF8.GetByteCount(PushText.Shorten("x" + new string('\u0301', 10_000))).Should().BeLessThan(2_010);
    }
}
