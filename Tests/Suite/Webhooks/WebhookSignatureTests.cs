using System.Text;
using RawSocketChat.Server.Webhooks;

namespace RawSocketChat.Tests.Webhooks;

public sealed class WebhookSignatureTests
{
    // The example of the libraries of Standard Webhooks.
    [Test]
    public void Signature_equals_the_signature_of_a_published_example() =>
        WebhookSignature.Create("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, Encoding.UTF8.GetBytes("""{"test": 2432232314}"""))
            .Should().Be("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");

    [Test]
    public void Secret_has_the_form_of_the_specification_and_is_random()
    {
        var (one, other) = (WebhookSignature.CreateSecret(), WebhookSignature.CreateSecret());
        one.Should().StartWith("whsec_").And.NotBe(other);
        Convert.FromBase64String(one["whsec_".Length..]).Should().HaveCount(32, "the specification requires 24 to 64 bytes");
    }
}
